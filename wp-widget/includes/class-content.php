<?php
/**
 * What of this site may be told, and how each thing looks now.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Only what every visitor can read: published, of a chosen public type, without a password.
 */
final class Content {

	private const FILE_TYPES = array(
		'application/pdf',
		'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
		'text/plain',
		'text/markdown',
		'text/html',
		'text/csv',
	);

	/**
	 * The event as it stands now, and its data. What has gone since is told as gone.
	 *
	 * @param string $event   As it was noted.
	 * @param string $subject "page:42".
	 * @param string $note    What was noted with it.
	 * @return array{0: string, 1: array<string, mixed>}
	 */
	public static function describe( string $event, string $subject, string $note = '' ): array {
		list( $type, $number ) = explode( ':', $subject );
		$id = (int) $number;
		if ( 'site.ping' === $event ) {
			return array( $event, self::site() );
		}
		if ( 'order' === $type ) {
			return Orders::describe( $event, $id, $note );
		}
		return 'attachment' === $type ? self::describe_file( $event, $id ) : self::describe_post( $event, $id );
	}

	/**
	 * Whether a post is one that visitors may get answers from.
	 *
	 * @param \WP_Post $post Any post.
	 */
	public static function is_public( \WP_Post $post ): bool {
		$fits = 'publish' === $post->post_status
			&& '' === $post->post_password
			&& in_array( $post->post_type, Settings::post_types(), true );
		/**
		 * Filters whether a published post of a chosen type is told to Handrail.
		 *
		 * @param bool     $fits Whether it is: not if search engines shall not find it; what is not public never is.
		 * @param \WP_Post $post The post.
		 */
		return $fits && (bool) apply_filters( 'handrail_send_post', ! self::is_hidden( $post ), $post );
	}

	/**
	 * Whether an SEO plugin was told to keep this very post from search engines: then visitors are not led there either.
	 *
	 * @param \WP_Post $post Any post.
	 */
	private static function is_hidden( \WP_Post $post ): bool {
		return '1' === (string) get_post_meta( $post->ID, '_yoast_wpseo_meta-robots-noindex', true )
			|| in_array( 'noindex', (array) get_post_meta( $post->ID, 'rank_math_robots', true ), true )
			|| 'yes' === get_post_meta( $post->ID, '_seopress_robots_index', true );
	}

	/**
	 * Whether a file of the media library is a document that visitors may get answers from.
	 *
	 * @param \WP_Post $file An attachment.
	 */
	public static function is_public_file( \WP_Post $file ): bool {
		/**
		 * Filters the MIME types of files that are told.
		 *
		 * @param string[] $types The types.
		 */
		$types = (array) apply_filters( 'handrail_file_types', self::FILE_TYPES );
		$fits  = Settings::get( 'media' )
			&& 'attachment' === $file->post_type
			&& in_array( $file->post_mime_type, $types, true )
			// A file that belongs to a draft has its parent's status.
			&& 'publish' === get_post_status( $file )
			&& ( ! $file->post_parent || '' === (string) get_post_field( 'post_password', $file->post_parent ) );
		/** This filter is documented above. */
		return $fits && (bool) apply_filters( 'handrail_send_post', true, $file );
	}

	/**
	 * A post.
	 *
	 * @param string $event As noted.
	 * @param int    $id    Its number.
	 * @return array{0: string, 1: array<string, mixed>}
	 */
	private static function describe_post( string $event, int $id ): array {
		$post = get_post( $id );
		if ( ! $post instanceof \WP_Post ) {
			return array( 'post.deleted', array() );
		}
		if ( ! self::is_public( $post ) ) {
			return array( 'trash' === $post->post_status ? 'post.trashed' : 'post.unpublished', array() );
		}
		$data = array(
			'rest_url' => rest_url( rest_get_route_for_post( $post ) ),
			'link'     => (string) get_permalink( $post ),
			'title'    => self::plain_title( $post ),
		);
		return array( 'post.published' === $event ? $event : 'post.updated', $data );
	}

	/**
	 * A file.
	 *
	 * @param string $event As noted.
	 * @param int    $id    Its number.
	 * @return array{0: string, 1: array<string, mixed>}
	 */
	private static function describe_file( string $event, int $id ): array {
		$file = get_post( $id );
		$url  = $file instanceof \WP_Post && self::is_public_file( $file ) ? wp_get_attachment_url( $id ) : false;
		if ( ! $url ) {
			return array( 'media.deleted', array() );
		}
		$data = array(
			'file_url'  => $url,
			'title'     => self::plain_title( $file ),
			'mime_type' => $file->post_mime_type,
		);
		return array( 'media.added' === $event ? $event : 'media.updated', $data );
	}

	/**
	 * This site, for a ping.
	 *
	 * @return array<string, string>
	 */
	private static function site(): array {
		return array(
			'url'       => home_url( '/' ),
			'wordpress' => get_bloginfo( 'version' ),
			'plugin'    => VERSION,
		);
	}

	/**
	 * A title as text.
	 *
	 * @param \WP_Post $post Its post.
	 */
	private static function plain_title( \WP_Post $post ): string {
		return mb_substr( html_entity_decode( wp_strip_all_tags( get_the_title( $post ) ), ENT_QUOTES | ENT_HTML5, 'UTF-8' ), 0, 500 );
	}
}
