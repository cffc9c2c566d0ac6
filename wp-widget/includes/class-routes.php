<?php
/**
 * The REST routes, all in one table: who may call each, with what, and what it answers.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Nothing here may be kept by a cache.
 */
final class Routes {

	public const SPACE = 'handrail/v1';

	/** Join in. */
	public static function hook(): void {
		add_action( 'rest_api_init', array( self::class, 'register' ) );
		add_filter( 'rest_post_dispatch', array( self::class, 'never_cache' ), 10, 3 );
		add_filter( 'rest_pre_serve_request', array( Identity::class, 'keep_to_ourselves' ), 20, 3 );
	}

	/** The routes. */
	public static function register(): void {
		$admin = static fn(): bool => current_user_can( 'manage_options' );
		self::add( '/identity', 'POST', array( Identity::class, 'answer' ), array( Identity::class, 'permit' ), array(), array( 'token' => array( 'type' => array( 'string', 'null' ) ) ) );
		self::add( '/notices', 'POST', array( Notices::class, 'receive' ), array( Notices::class, 'permit' ), array(), array( 'state' => array( 'type' => 'string' ) ) );
		$ticket = array( 'ticket' => array( 'type' => 'string', 'required' => true, 'maxLength' => 100 ) );
		self::add( '/send', 'POST', array( self::class, 'send' ), array( self::class, 'permit_sending' ), $ticket, array() );
		self::add( '/connection', 'POST', array( Connection::class, 'answer' ), $admin, array(), Connection::SCHEMA );
		$act = array( 'act' => array( 'type' => 'string', 'enum' => array( 'start', 'step', 'stop' ), 'required' => true ) );
		self::add( '/indexing', 'POST', array( self::class, 'index' ), $admin, $act, self::progress_schema() );
		self::add( '/indexing', 'GET', array( self::class, 'progress' ), $admin, array(), self::progress_schema() );
	}

	/**
	 * The site calls itself to send outside of anybody's request.
	 *
	 * @return \WP_REST_Response
	 */
	public static function send(): \WP_REST_Response {
		Sender::take_over();
		return new \WP_REST_Response( null, 202, array( 'Content-Length' => '0' ) );
	}

	/**
	 * Only with a ticket that this site wrote itself a moment ago.
	 *
	 * @param \WP_REST_Request $request The call.
	 */
	public static function permit_sending( \WP_REST_Request $request ): bool {
		return Signature::is_ticket( (string) $request['ticket'] );
	}

	/**
	 * Start, go on with, or stop indexing everything.
	 *
	 * @param \WP_REST_Request $request The call.
	 * @return \WP_REST_Response|\WP_Error
	 */
	public static function index( \WP_REST_Request $request ) {
		if ( ! Settings::is_ready() ) {
			return new \WP_Error( 'handrail_not_ready', __( 'Fill in the settings first, and put the webhook secret into wp-config.php.', 'handrail' ), array( 'status' => 409 ) );
		}
		if ( 'start' === $request['act'] ) {
			Indexing::start();
		} elseif ( 'stop' === $request['act'] ) {
			Indexing::stop();
		}
		if ( 'stop' !== $request['act'] ) {
			Indexing::step();
		}
		return self::progress();
	}

	/**
	 * How far indexing is.
	 */
	public static function progress(): \WP_REST_Response {
		$state  = Indexing::state();
		$counts = Queue::counts();
		return new \WP_REST_Response(
			array(
				'done'    => $state['done'],
				'total'   => max( $state['total'], $state['done'] ),
				'is_over' => Indexing::is_over( $state ),
				'waiting' => $counts['waiting'] + $counts['sending'],
				'dead'    => $counts['dead'],
				'problem' => Circuit::is_open() ? Circuit::state()['reason'] : '',
			)
		);
	}

	/**
	 * No answer of ours is for a cache; a 429 says how long to wait.
	 *
	 * @param \WP_HTTP_Response $response The answer.
	 * @param \WP_REST_Server   $server   The server.
	 * @param \WP_REST_Request  $request  The call.
	 */
	public static function never_cache( $response, $server, \WP_REST_Request $request ) {
		if ( str_starts_with( $request->get_route(), '/' . self::SPACE ) && $response instanceof \WP_HTTP_Response ) {
			$response->header( 'Cache-Control', 'no-store' );
			$data = $response->get_data();
			if ( 429 === $response->get_status() && isset( $data['data']['wait'] ) ) {
				$response->header( 'Retry-After', (string) $data['data']['wait'] );
			}
		}
		return $response;
	}

	/**
	 * Register one.
	 *
	 * @param string               $path       Below our space.
	 * @param string               $method     GET or POST.
	 * @param callable             $callback   What answers.
	 * @param callable             $permission Who may.
	 * @param array<string, mixed> $args       What it takes, as JSON Schema.
	 * @param array<string, mixed> $properties What it answers, as JSON Schema.
	 */
	private static function add( string $path, string $method, callable $callback, callable $permission, array $args, array $properties ): void {
		$schema = static fn(): array => array(
			'$schema'    => 'http://json-schema.org/draft-04/schema#',
			'title'      => 'handrail' . str_replace( '/', '-', $path ),
			'type'       => 'object',
			'properties' => $properties,
		);
		register_rest_route(
			self::SPACE,
			$path,
			array(
				array(
					'methods'             => $method,
					'callback'            => $callback,
					'permission_callback' => $permission,
					'args'                => $args,
				),
				'schema' => $schema,
			)
		);
	}

	/**
	 * What progress() answers.
	 *
	 * @return array<string, array<string, string>>
	 */
	private static function progress_schema(): array {
		$whole = array( 'type' => 'integer' );
		return array(
			'done'    => $whole,
			'total'   => $whole,
			'is_over' => array( 'type' => 'boolean' ),
			'waiting' => $whole,
			'dead'    => $whole,
			'problem' => array( 'type' => 'string' ),
		);
	}
}
